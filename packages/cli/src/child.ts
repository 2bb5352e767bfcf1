import { loadCell } from './bundle.js';
import { keepCompiledModules } from './compile-cache.js';

// The measuring process of `ringbench run`; started by the harness for each cell.
keepCompiledModules();
const { serveCell, registry } = await loadCell();
await serveCell((id) => registry.load(id));
