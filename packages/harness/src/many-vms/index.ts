export { runManyVms, type ManyVmsRequest, type ManyVmsProgress, type VmWorkload } from './run.js';
export { distributionOf, jainIndex, type Distribution } from './statistics.js';
export type { Fairness, ManyVmsReport, MemoryReport, Throughput, WorkloadReport } from './report.js';
