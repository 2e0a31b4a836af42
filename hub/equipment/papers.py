"""Papers of the equipment itself."""

from __future__ import annotations

from hub.ports import Columns, Document, Ean13, Qr, Rule, Text


def test_document(source: str) -> Document:
    """What a printer must be able to do: Chinese, ¥, widths, QR and a barcode."""
    return Document(
        blocks=(
            Text(text="打印测试 Test", align="center", bold=True, size=2),
            Rule(),
            Columns(left="中文与全角，。：（）", right="¥1,280.00"),
            Columns(left="English & digits 0123456789", right="¥0.01"),
            Text(text="繁體中文：髮型設計、護理"),
            Text(text="GBK 以外：é ✂"),
            Rule(),
            Qr(data=source),
            Ean13(digits="6901234567892"),
        )
    )
