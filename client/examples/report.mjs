#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Reports the run of a job to dbsync_exporter, with Node's own modules alone (18 or newer).
//
//     EXPORTER=http://localhost:19104 TOKEN_FILE=/etc/dbsync/run.token node report.mjs

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Sends reports; a report that is repeated counts once, so it may be sent again. */
export class Reporter {
  constructor(exporter, tokenFile, attempts = 3) {
    this.url = new URL("/api/v1/runs", exporter);
    this.tokenFile = tokenFile;
    this.attempts = attempts;
  }

  async send(report) {
    const token = (await readFile(this.tokenFile, "utf8")).trim();
    for (let attempt = 1; ; attempt++) {
      let problem;
      try {
        const response = await fetch(this.url, {
          method: "POST",
          headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
          body: JSON.stringify(report),
          signal: AbortSignal.timeout(10_000),
        });
        const text = await response.text();
        if (response.ok) return;
        problem = new Error(`report refused: ${response.status} ${text}`);
        // What was refused is refused again; a server that is in trouble may recover.
        if (response.status < 500) throw Object.assign(problem, { final: true });
      } catch (error) {
        problem = error;
      }
      if (problem.final || attempt >= this.attempts) throw problem;
      await sleep(attempt * 1000);
    }
  }

  /**
   * Reports the start and the end of the work, and how it ended. A monitor that is away stops no
   * job: what could not be reported is printed.
   */
  async run({ runType, task, expectedIntervalSeconds }, work) {
    const report = {
      id: randomUUID(), run_type: runType, task, start: new Date().toISOString(), values: {},
      ...(expectedIntervalSeconds && { expected_interval_seconds: expectedIntervalSeconds }),
    };
    await this.#try({ ...report, status: "running" });
    let status = "failed";
    try {
      const result = await work(report);
      status = "success";
      return result;
    } finally {
      await this.#try({ ...report, status, end: new Date().toISOString() });
    }
  }

  async #try(report) {
    try {
      await this.send(report);
    } catch (error) {
      console.error("report:", error.message);
    }
  }
}

const reporter = new Reporter(process.env.EXPORTER ?? "http://localhost:19104", process.env.TOKEN_FILE);
await reporter.run({ runType: "sync", task: "crm-node", expectedIntervalSeconds: 3600 }, async (report) => {
  // The work comes here.
  report.values.rows_copied = 1200;
  report.size_bytes = 734003;
});
