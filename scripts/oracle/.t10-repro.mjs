import { register } from 'tsx/esm/api';
register();
const fc = (await import('/work/main/packages/translator/node_modules/fast-check/lib/fast-check.js')).default;
const L = await import('/work/main/packages/translator/test/support/lockstep.ts');
let program;
fc.check(fc.property(L.programs, (p) => { program = p; return false; }), { seed: 5001, path: '54:4:3:3', endOnFailure: true, numRuns: 1 });
for (const [name, o] of [['default', {}], ['none', { threshold: 1e9 }], ['fail all', { failsAlways: () => true }]]) {
  const l = new L.Lockstep(o);
  const r = l.run(program);
  console.log(name, r.found.length, r.retired, l.translator.statistics, r.found.slice(0,3));
}
const l = new L.Lockstep({ threshold: 1e9 });
l.run({ ...program, stress: { ...program.stress, slices: [1] } }, 6000).found.slice(0,4).forEach((x) => console.log('slices 1', x));
for (const changesCode of [false, true]) for (const s of [23, 24, 5, 4, 3, 50]) { const l = new L.Lockstep({ threshold: 1e9 }); const r = l.run({ ...program, stress: { ...program.stress, changesCode, slices: [s] } }); console.log(changesCode, s, r.found.length, r.retired); }
