import { keepCompiledModules } from './compile-cache.js';

// The measuring process of `ringbench run`; started by the harness for each cell.
keepCompiledModules();
const [{ serveCell }, { registry }] = await Promise.all([import('@ringbench/harness/child'), import('./registry.js')]);
await serveCell((id) => registry.load(id));
