"""The demonstration: see scripts/demo and the README's walk through it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ledger_api.client import ClerkError
from scripts.demonstration.client import Client, NotRecorded
from scripts.demonstration.corrections_job import CorrectionsJob
from scripts.demonstration.founding import STAFF, Founder
from scripts.demonstration.home import Home
from scripts.demonstration.hours_job import HoursJob
from scripts.demonstration.ledger_job import LedgerJob
from scripts.demonstration.plan_job import SECOND_CHECKER_ABOVE_MINOR, PlanJob
from scripts.demonstration.processes import Processes, StartFailed
from scripts.demonstration.summary import print_summary

NAMES = {
    "aoun": {
        "en": "Aoun association (demonstration)",
        "fa": "انجمن عون (نمایشی)",
        "ar": "جمعية العون (عرض توضيحي)",
    },
    "open-collective": {
        "en": "Open Collective, 2015-2019 (replayed)",
        "fa": "اوپن کالکتیو، ۲۰۱۵ تا ۲۰۱۹ (بازپخش)",
        "ar": "أوبن كولكتيف، ٢٠١٥-٢٠١٩ (إعادة)",
    },
    "oversight": {
        "en": "Oversight desk (demonstration)",
        "fa": "میز نظارت (نمایشی)",
        "ar": "مكتب الرقابة (عرض توضيحي)",
    },
    "registry": {
        "en": "Households registry (demonstration)",
        "fa": "ثبت خانوارها (نمایشی)",
        "ar": "سجل الأسر (عرض توضيحي)",
    },
}
MOST_MINUTES = 24_000
"""The regulator's ceiling for the hours that the association may confirm."""
FOLDER = Path(os.environ.get("AMANAT_HOME", ".amanat/demo"))


def main(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="forget the last demonstration and start again")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="stop when the jobs are done instead of serving")
    ] = False,
    port: Annotated[int, typer.Option(help="port of the pages and the API")] = 8600,
    node_port: Annotated[int, typer.Option(help="port of the development node")] = 8645,
) -> None:
    """Set up a ledger on this machine, run the main job on real data, and serve it until Ctrl-C."""
    if fresh:
        shutil.rmtree(FOLDER, ignore_errors=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = Home.open(FOLDER.resolve())
    started = time.monotonic()
    try:
        with Processes(home, node_port, port) as processes:
            run(home, processes)
            print(f"\nready in {time.monotonic() - started:.0f} s")
            if not once:
                print(
                    "serving until Ctrl-C; a second start resumes here, `scripts/demo --fresh` begins again",
                    flush=True,
                )
                processes.watch()
    except (StartFailed, ClerkError, NotRecorded, ValueError) as error:
        print(f"\nerror: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("\nstopped; everything is kept")


def run(home: Home, processes: Processes) -> None:
    """Founds the ledger, runs the four jobs that have not been finished before, and prints what was done."""
    print("starting the chain, the indexer, the relay and the API ...", flush=True)
    processes.start_node()
    founder = Founder(home, processes.node_url)
    founder.deployment()
    founder.courier()
    givers = [role for role in STAFF if role not in ("registrar", "desk")]
    oversight = founder.body("oversight", "supervisor", NAMES["oversight"], ["desk"])
    aoun = founder.body("aoun", "charity", NAMES["aoun"], givers, oversight.id)
    collective = founder.body("open-collective", "charity", NAMES["open-collective"], givers, oversight.id)
    founder.grade(aoun, "A")
    founder.grade(collective, "B")
    founder.limit(aoun, "SAR", SECOND_CHECKER_ABOVE_MINOR, MOST_MINUTES)
    registry = founder.body("registry", "registrar", NAMES["registry"], ["registrar"])
    processes.start_ledger()
    registrar = Client(processes.api_url, registry.keys["registrar"])
    ledger_job = LedgerJob(home, founder, collective, registrar, processes.api_url)
    if not home.done("ledger"):
        home.finish("ledger", ledger_job.run())
    plan_job = PlanJob(home, founder, aoun, registrar, processes.api_url)
    if not home.done("plan"):
        home.finish("plan", plan_job.run())
    if not home.done("hours"):
        home.finish("hours", HoursJob(home, founder, aoun, processes.api_url).run())
    if not home.done("corrections"):
        corrections = CorrectionsJob(home, founder, plan_job, aoun, collective, oversight, processes.api_url)
        silent = (home.done("plan") or {})["silent"]
        home.finish("corrections", corrections.run(silent))
    print_summary(home, ledger_job.reconcile(), [aoun, collective], processes.api_url)


if __name__ == "__main__":
    typer.run(main)
