"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from cvkit.cli.devices import Device

DeviceOption = Annotated[Device, typer.Option(help="auto takes a CUDA device where there is one.")]
Every = Annotated[int, typer.Option(metavar="N", min=1, help="Of videos, take one frame in N.")]
Start = Annotated[
    int, typer.Option(metavar="FRAME", min=0, help="Of videos, the first frame, counted from 0.")
]
Stop = Annotated[int | None, typer.Option(metavar="FRAME", help="Of videos, the frame to end before.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")]
