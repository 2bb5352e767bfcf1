import type { Figure } from './figure.js';
import { MODELLED, ratioChart } from './ratio-chart.js';

export const overhead: Figure = {
  title: 'Modelled overhead by workload and technique',
  caption: (summary) =>
    `Cycles of the measured region relative to ${summary.baseline}, modelled from exact event counts with the profile “${summary.profile.title}”; nothing here was timed. Points take the default prices; bars span the least and the greatest ratio over all prices within their ranges, the same price holding for both sides of a ratio. Left of the dashed line a technique is cheaper than ${summary.baseline}.`,
  spec: (summary) => ratioChart(summary, { title: overhead.title, kind: MODELLED, isShown: ({ core }) => core !== summary.baseline }),
};
