"""Papers of the equipment itself."""

from __future__ import annotations

from typing import Literal

from hub.ports import Columns, Document, Ean13, Qr, Rule, Text

# numbered as on the paper; the last character of the second is in GB 18030 only
SAMPLES: dict[int, tuple[Literal["gbk", "gb18030", "utf8", "raster"], str]] = {
    1: ("gbk", "春风美发 ¥128"),
    2: ("gb18030", "春风美发 ¥128 䶮"),
    3: ("utf8", "春风美发 ¥128 䶮"),
    4: ("raster", "春风美发 ¥128 䶮"),
}


def test_document(source: str) -> Document:
    """What a printer must be able to do: Chinese, ¥, widths, QR and a barcode; and the same line in each way to tell it Chinese."""
    return Document(
        blocks=(
            Text(text="打印测试 Test", align="center", bold=True, size=2),
            Rule(),
            Columns(left="中文与全角，。：（）", right="¥1,280.00"),
            Columns(left="English & digits 0123456789", right="¥0.01"),
            Text(text="繁體中文：髮型設計、護理"),
            Text(text="GBK 以外：é ✂"),
            Rule(),
            Text(text="Which line reads well?"),
            *(Text(text=f"{number}  {sample}", font=font) for number, (font, sample) in SAMPLES.items()),
            Rule(),
            Qr(data=source),
            Ean13(digits="6901234567892"),
        )
    )
