"""A guest's payment code is no product and no slip, and stays nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInput
from hub.ids import TapId
from hub.pos.model import SaleDraft, Tender, TenderKind
from hub.pos.payment_codes import USUAL, NoPaymentOpen, PaymentCodeNotTaken, PaymentCodes
from hub.settings import Settings, SettingsRefused, load_settings


@pytest.fixture
async def basket(salon):
    return await salon.shop.pos.open_basket(salon.desk, "t1", None, TapId.new())


WECHAT, ALIPAY, UNIONPAY = "134567890123456789", "281234567890123456", "6212345678901234567"


@pytest.mark.parametrize(
    ("code", "whose"),
    [
        (WECHAT, "wechat"),
        ("10" + "0" * 16, "wechat"),
        ("16" + "0" * 16, ""),
        (ALIPAY, "alipay"),
        ("25" + "0" * 14, "alipay"),
        ("30" + "0" * 22, "alipay"),
        ("30" + "0" * 23, ""),
        (UNIONPAY, "unionpay"),
        (f" {WECHAT} ", "wechat"),
        ("6901234567892", ""),
        ("2112345012506", ""),  # of the shop's own scale
        ("2026112122001498765432100017", ""),  # the number of a slip
        ("0106901234567892", ""),
        ("１３４５６７８９０１２３４５６７８９", ""),
        ("", ""),
    ],
)
def test_payment_codes_are_told_from_everything_else(code: str, whose: str) -> None:
    assert PaymentCodes().provider_of(code) == whose


def test_another_shop_has_another_table() -> None:
    codes = PaymentCodes(("paypay 20 12",))
    assert (codes.provider_of("12" + "0" * 18), codes.provider_of(WECHAT)) == ("paypay", "")


def test_the_settings_have_the_usual_table_and_refuse_nonsense() -> None:
    assert Settings().till.payment_codes == USUAL
    with pytest.raises(SettingsRefused):
        load_settings(till={"payment_codes": ["wechat"]})
    with pytest.raises(InvalidInput):
        PaymentCodes(("wechat",))


@given(st.text(max_size=40))
def test_any_text_has_an_answer(text: str) -> None:
    assert PaymentCodes().provider_of(text) in {"", "wechat", "alipay", "unionpay"}


@pytest.mark.parametrize("code", [WECHAT, ALIPAY, UNIONPAY])
async def test_scanned_with_no_payment_open_it_is_named_and_not_repeated(salon, basket, code) -> None:
    with pytest.raises(NoPaymentOpen) as refused:
        await salon.shop.pos.add_scanned(salon.desk, basket.id, code, TapId.new())
    assert set(refused.value.facts) == {"provider"}
    assert code not in str(refused.value.as_json())
    assert salon.shop.pos.basket(salon.desk, basket.id).lines == ()


async def test_it_is_never_kept_as_the_number_of_a_slip(salon, basket) -> None:
    basket = await salon.shop.pos.add_scanned(salon.desk, basket.id, "6901234567892", TapId.new())
    tender = Tender(kind=TenderKind.QR, amount=basket.total, reference=WECHAT)
    draft = SaleDraft(till="t1", lines=(), tenders=(tender,), total=basket.total, basket=basket.id)
    with pytest.raises(PaymentCodeNotTaken) as refused:
        await salon.shop.pos.complete_sale(salon.desk, draft, TapId.new())
    assert WECHAT not in str(refused.value)


@pytest.mark.parametrize(
    "code",
    [
        "06901234567892",
        "0106901234567892",
        "]C101069012345678921726123110LOT\x1d21S",
        "(01)06901234567892(10)LOT",
        "https://id.gs1.org/01/06901234567892/10/LOT",
    ],
)
async def test_the_till_finds_a_product_by_the_article_of_a_gs1_code(salon, basket, code) -> None:
    basket = await salon.shop.pos.add_scanned(salon.desk, basket.id, code, TapId.new())
    assert [(line.name, line.quantity) for line in basket.lines] == [("洗发水", 1)]
