#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports the run of a job to dbsync_exporter, with Python's standard library alone.

    EXPORTER=http://localhost:19104 TOKEN_FILE=/etc/dbsync/run.token ./report.py
"""

import contextlib
import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


class Reporter:
    """Sends reports; a report that is repeated counts once, so it may be sent again."""

    def __init__(self, exporter, token_file, attempts=3):
        self.url = exporter.rstrip("/") + "/api/v1/runs"
        self.token_file = token_file
        self.attempts = attempts

    def send(self, report):
        with open(self.token_file, encoding="utf-8") as file:
            token = file.read().strip()
        request = urllib.request.Request(
            self.url,
            data=json.dumps(report).encode(),
            headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"},
        )
        for attempt in range(1, self.attempts + 1):
            try:
                with urllib.request.urlopen(request, timeout=10):
                    return
            except urllib.error.HTTPError as error:
                # What was refused is refused again; a server that is in trouble may recover.
                if error.code < 500 or attempt == self.attempts:
                    reason = error.read().decode(errors="replace")
                    raise RuntimeError(f"report refused: {error.code} {reason}") from None
            except OSError:
                if attempt == self.attempts:
                    raise
            time.sleep(attempt)

    @contextlib.contextmanager
    def run(self, run_type, task, expected_interval=None):
        """Reports the start and the end of what happens inside, and how it ended.

        A monitor that is away stops no job: what could not be reported is printed.
        """
        report = {"id": str(uuid.uuid4()), "run_type": run_type, "task": task, "start": now(), "values": {}}
        if expected_interval:
            report["expected_interval_seconds"] = expected_interval
        self._try({**report, "status": "running"})
        report["status"] = "failed"
        try:
            yield report
            report["status"] = "success"
        finally:
            self._try({**report, "end": now()})

    def _try(self, report):
        try:
            self.send(report)
        except (OSError, RuntimeError) as error:
            print("report:", error, file=sys.stderr)


if __name__ == "__main__":
    reporter = Reporter(os.environ.get("EXPORTER", "http://localhost:19104"), os.environ["TOKEN_FILE"])
    with reporter.run("sync", "crm-python", expected_interval=3600) as report:
        # The work comes here.
        report["values"]["rows_copied"] = 1200
        report["size_bytes"] = 734003
