// SPDX-License-Identifier: Apache-2.0

import type { Dashboard as Board, Panel as AnyPanel, RowPanel } from '@grafana/schema';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as GraphStyle, Options as Graph,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { FieldConfig as CellStyle, Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type {
  FieldConfig as BandStyle, Options as Timeline,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as Bars } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Pie } from '@grafana/schema/dist/esm/raw/composable/piechart/panelcfg/x/PieChartPanelCfg_types.gen';

// A type as JSON has it: enums are their strings, and what is left out gets Grafana's default.
type Plain<T> = unknown extends T
  ? T
  : T extends string
    ? `${T}`
    : T extends (infer U)[]
      ? Plain<U>[]
      : T extends object
        ? { [K in keyof T]?: Plain<T[K]> }
        : T;

// What Grafana writes itself and its types lack: the Prometheus data source's part of an annotation, and the text of a
// variable's query.
type PrometheusAnnotation = { expr: string; step: string; titleFormat: string; textFormat: string; tagKeys: string };
type QueryVariable = { definition?: string };

type Item<T extends { list?: unknown[] } | undefined> = Plain<NonNullable<NonNullable<T>['list']>[number]>;

export type Dashboard = Omit<Plain<Board>, 'annotations' | 'templating'> & {
  annotations: { list: (Item<Board['annotations']> & PrometheusAnnotation)[] };
  templating: { list: (Item<Board['templating']> & QueryVariable)[] };
};
export type Row = Plain<RowPanel>;
export type Panel = Plain<AnyPanel>;

// What is particular to each type of panel.
export type Options = {
  stat: Plain<Stat>; timeseries: Plain<Graph>; table: Plain<Table>; 'state-timeline': Plain<Timeline>; bargauge: Plain<Bars>; piechart: Plain<Pie>;
};
export type Custom = { timeseries: Plain<GraphStyle>; table: Plain<CellStyle>; 'state-timeline': Plain<BandStyle> };
