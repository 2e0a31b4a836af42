from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from hub.access import SYSTEM, Actor, Role
from hub.app import Shop
from hub.errors import NotAllowed
from hub.ids import TapId
from hub.journal import EpochRaised
from hub.pos import LineKind, LineWish, SaleDraft, Tender, TenderKind
from hub.pos.events import ReceiptNumbersSkipped
from hub.recovery import Known
from hub.settings import Settings

BRIDGE = Actor(id="bridge", role=Role.BRIDGE, station="bridge")


def reopened(folder: Path) -> Shop:
    return Shop(Settings(store_dir=folder))


async def sell(shop: Shop, product: str, price: int) -> int:
    line = (LineWish(kind=LineKind.PRODUCT, item=product),)
    draft = SaleDraft(till="t1", lines=line, tenders=(Tender(kind=TenderKind.CASH, amount=price),), total=price)
    return (await shop.pos.complete_sale(SYSTEM, draft, TapId.new())).receipt_no


def copy_database(folder: Path, to: Path) -> None:
    to.mkdir()
    for file in folder.glob("shop.db*"):
        shutil.copy(file, to)


def put_back(copy: Path, folder: Path) -> None:
    for file in folder.glob("shop.db*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy(file, folder)


async def test_an_older_copy_starts_a_new_epoch_and_reuses_no_receipt_number(salon, tmp_path):
    folder = salon.shop.settings.store_dir
    await salon.sell()
    salon.shop.close()
    copy_database(folder, tmp_path / "backup")

    shop = await asyncio.to_thread(reopened, folder)
    forgotten = [await sell(shop, salon.shampoo.id, 6800) for _ in range(5)]
    known = shop.journal.head()
    shop.close()
    put_back(tmp_path / "backup", folder)
    shop = await asyncio.to_thread(reopened, folder)
    assert shop.journal.head().epoch == 2
    after = [await sell(shop, salon.shampoo.id, 6800) for _ in range(2)]
    assert not set(after) & {1, *forgotten}
    raised = next(line for line in shop.journal.after(0, 1000) if line.kind == EpochRaised.kind)
    assert raised.body["known_seq"] == known.seq
    assert shop.journal.count(ReceiptNumbersSkipped) == 1
    assert shop.journal.first_broken() is None
    shop.close()


async def test_an_ordinary_restart_keeps_the_epoch(salon):

    await salon.sell()
    folder = salon.shop.settings.store_dir
    salon.shop.close()
    for _ in range(2):
        shop = await asyncio.to_thread(reopened, folder)
        assert shop.journal.head().epoch == 1
        shop.close()


async def test_a_lost_or_torn_mark_stops_nothing(salon):

    folder = salon.shop.settings.store_dir
    await salon.sell()
    salon.shop.close()
    for mark in (b"", b"1 2", b"\xff" * 128):
        (folder / "high-water").write_bytes(mark)
        shop = await asyncio.to_thread(reopened, folder)
        assert shop.journal.head().epoch == 1
        shop.close()


async def test_head_office_may_say_what_the_shop_forgot_and_only_once(salon):
    shop = salon.shop
    await salon.sell()
    known = Known(known_epoch=1, known_seq=500, receipts={"t1": 40, "t7": 3})
    assert await shop.recovery.recover(BRIDGE, known) == 2
    assert await shop.recovery.recover(BRIDGE, known) == 2
    assert shop.journal.count(EpochRaised) == 1
    assert (await salon.sell()).receipt_no == 41
    assert shop.pos.sale_by_receipt(salon.desk, "t1-000041")


async def test_an_epoch_head_office_knows_is_passed(salon):
    known = Known(known_epoch=7, known_seq=1, receipts={})
    assert await salon.shop.recovery.recover(BRIDGE, known) == 8


async def test_nobody_at_the_desk_can_start_an_epoch(salon):
    with pytest.raises(NotAllowed):
        await salon.shop.recovery.recover(salon.boss, Known(known_epoch=1, known_seq=1))
    assert salon.shop.journal.head().epoch == 1
