import { describe, expect, it } from "vitest";
import type { Stage, Trace } from "../../www/engine/types.ts";
import { Course, WHOLE } from "../../www/timeline/course.ts";
import { Schedule } from "../../www/timeline/schedule.ts";

const stage = (id: string, axes: string[], shape: number[], from: string[], op: string): Stage => ({
  id,
  axes,
  shape,
  from,
  op,
  offset: 0,
  formula: "",
});

const trace = {
  stages: [
    stage("embeddings", ["query", "width"], [3, 4], [], "seeded"),
    stage("w_query", ["width", "channel"], [4, 4], [], "seeded"),
    stage("query", ["head", "query", "dim"], [2, 3, 2], ["embeddings", "w_query"], "matmul"),
    stage("scores", ["head", "query", "key"], [2, 3, 3], ["query", "key"], "matmul"),
    stage("row_max", ["head", "query"], [2, 3], ["scores"], "max"),
  ],
} as unknown as Trace;

describe("Schedule", () => {
  const schedule = new Schedule(14, 14, { lead: 0.7, cell: 1 });
  it("seconds to cells and back", () => {
    for (let time = 0; time < schedule.duration; time += 0.01) {
      expect(schedule.timeOf(schedule.cellsAt(time))).toBeCloseTo(time, 6);
    }
  });
  it("never goes back", () => {
    let last = -1;
    for (let time = 0; time <= schedule.duration; time += 0.003) {
      const cells = schedule.cellsAt(time);
      expect(cells).toBeGreaterThanOrEqual(last);
      last = cells;
    }
    expect(last).toBeCloseTo(197, 1);
  });
  it("goes on through the rest after the last cell, however short the frames", () => {
    let time = schedule.timeOf(196);
    for (let n = 0; n < 200 && time < schedule.duration; n++) time = schedule.timeOf(schedule.cellsAt(time)) + 0.004;
    expect(time).toBeGreaterThanOrEqual(schedule.duration);
  });
  it("a single cell and a wide row are paced too", () => {
    expect(new Schedule(1, 1, { lead: 0.7, cell: 1 }).cellsAt(100)).toBe(2);
    expect(new Schedule(1, 512, { lead: 0.7, cell: 1 }).duration).toBeLessThan(12);
    expect(new Schedule(512, 512, { lead: 0.7, cell: 1 }).duration).toBeLessThan(15);
  });
});

describe("Course", () => {
  const course = new Course(trace);
  it("stops at stages, not at parameters", () => {
    expect(course.segments.map((s) => s.stage.id)).toEqual(["embeddings", "query", "scores", "row_max"]);
    expect(course.stopFor("w_query")?.stage.id).toBe("query");
  });
  it("begins with the first stage on show: before it there is nothing to come from", () => {
    expect(course.positionAt(0)).toEqual({ stage: "embeddings", cell: 0 });
    expect(course.frame("embeddings", -1)).toMatchObject({ cells: 0, time: 0, previous: undefined });
    expect(course.frame("query", -1).cells).toBe(-1);
  });
  it("a position is a time and back", () => {
    for (let time = 0; time < course.duration; time += 0.05) {
      const at = course.positionAt(time);
      expect(course.positionAt(course.timeOf(at.stage, at.cell))).toEqual(expect.objectContaining({ stage: at.stage }));
    }
  });
  it("a frame is a pure function of its position, whichever way one came", () => {
    const forward: string[] = [];
    for (let time = 0; time < course.duration; time += 0.07) {
      const { stage: id, cell } = course.positionAt(time);
      forward.push(JSON.stringify(course.frame(id, cell)));
    }
    const backward: string[] = [];
    const count = forward.length;
    for (let n = count - 1; n >= 0; n--) {
      let time = 0;
      for (let k = 0; k < n; k++) time += 0.07;
      const { stage: id, cell } = course.positionAt(time);
      backward.unshift(JSON.stringify(course.frame(id, cell)));
    }
    expect(backward).toEqual(forward);
  });
  it("steps by cell over the ends of stages, and back again", () => {
    const path = [];
    let at = { stage: "embeddings", cell: 11 };
    for (let n = 0; n < 30; n++) {
      path.push(at);
      at = course.step(at, "cell", 1);
    }
    expect(path[1]).toEqual({ stage: "embeddings", cell: 12 });
    expect(path[2]).toEqual({ stage: "query", cell: 1 });
    expect(at.stage).toBe("row_max");
    expect(at.cell).toBe(3);
    expect(course.step({ stage: "query", cell: 1 }, "cell", -2)).toEqual({ stage: "embeddings", cell: 12 });
  });
  it("steps by row and by stage, and stays within the course", () => {
    expect(course.step({ stage: "scores", cell: 1 }, "row", 1)).toEqual({ stage: "scores", cell: 3 });
    expect(course.step({ stage: "scores", cell: 4 }, "row", -1)).toEqual({ stage: "scores", cell: 3 });
    expect(course.step({ stage: "row_max", cell: WHOLE }, "stage", 1)).toEqual({ stage: "row_max", cell: WHOLE });
    expect(course.step({ stage: "embeddings", cell: 0 }, "cell", -1)).toEqual({ stage: "embeddings", cell: 0 });
  });
});
