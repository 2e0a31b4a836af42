"""Our printer simulator on port 9100 and receiptio as its host, in a network of their own: says as JSON what came of it.

receiptio knows port 9100 only, so both run behind `unshare -n`. Arguments: the program, the receipt, and what is done to the printer before.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys

from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import Font

PORT = 9100
WITHIN_S = 60


async def main(program: str, receipt: str, deeds: list[str]) -> dict[str, object]:
    """What receiptio says, how it ended, and what came out of the printer."""
    printer = PrinterSim.on_tcp("printer", PORT)
    await printer.start()
    try:
        await printer.do("charset", Font(name="gb18030"))
        for deed in deeds:
            await printer.do(deed, printer.verbs[deed]())
        host = await asyncio.create_subprocess_exec(
            program, "-d", "127.0.0.1", "-p", "generic", "-l", "zh-hans", "-t", "3", receipt, stdout=-1, stderr=-1
        )
        said, wrong = await asyncio.wait_for(host.communicate(), WITHIN_S)
    finally:
        await printer.stop()
    return {
        "said": (said + wrong).decode().strip(),  # it speaks on standard error
        "code": host.returncode,
        "receipts": [base64.b64encode(r.raw).decode() for r in printer.shelf.receipts],
        "unknown": printer.state()["unknown_commands"],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))))
