import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { PicPair } from '../../src/devices/pic.js';

const MASTER = 0x20;
const SLAVE = 0xa0;
const EOI = 0x20;
const READ_IRR = 0x0a;
const READ_ISR = 0x0b;

let bus: PortBus;
let pic: PicPair;
let pin: boolean[];

function initialize(icw1 = 0x11, icw4 = 0x01): void {
  for (const [port, base, cascade] of [[MASTER, 0x20, 0x04], [SLAVE, 0x28, 0x02]] as const) {
    bus.write(port, 1, icw1);
    bus.write(port + 1, 1, base);
    bus.write(port + 1, 1, cascade);
    if ((icw1 & 1) !== 0) bus.write(port + 1, 1, icw4);
  }
}

function register(port: number, command: number): number {
  bus.write(port, 1, command);
  return bus.read(port, 1);
}

function pulse(irq: number): void {
  pic.setLine(irq, true);
  pic.setLine(irq, false);
}

beforeEach(() => {
  bus = new PortBus();
  pin = [];
  pic = new PicPair((asserted) => pin.push(asserted));
  pic.attach(bus);
});

describe('initialization', () => {
  it('keeps quiet before it', () => {
    pic.setLine(0, true);
    expect(pic.interruptPin).toBe(false);
    expect(pin).toEqual([]);
  });

  it("accepts Linux's sequence with masks set before, between and after", () => {
    bus.write(0x21, 1, 0xff);
    bus.write(0xa1, 1, 0xff);
    initialize();
    expect(bus.read(0x21, 1)).toBe(0);
    bus.write(0x21, 1, 0xfb);
    bus.write(0xa1, 1, 0xff);
    expect([bus.read(0x21, 1), bus.read(0xa1, 1)]).toEqual([0xfb, 0xff]);
    pic.setLine(0, true);
    expect(pic.interruptPin).toBe(false);
    bus.write(0x21, 1, 0xfa);
    expect(pic.interruptPin).toBe(true);
    expect(pic.acknowledge()).toBe(0x20);
  });

  it('takes only the high five bits of the vector base', () => {
    initialize();
    bus.write(MASTER, 1, 0x11);
    for (const word of [0x47, 0x04, 0x01]) bus.write(MASTER + 1, 1, word);
    pic.setLine(3, true);
    expect(pic.acknowledge()).toBe(0x43);
  });

  it('stays quiet until the last word, which ICW1 decides', () => {
    bus.write(MASTER, 1, 0x12); // single, no ICW4
    pic.setLine(1, true);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER + 1, 1, 0x30);
    expect(pic.interruptPin).toBe(true);
    expect(pic.acknowledge()).toBe(0x31);
    bus.write(MASTER + 1, 1, 0xaa);
    expect(bus.read(MASTER + 1, 1)).toBe(0xaa);
  });

  it('works without ICW4, and without slaves when single', () => {
    initialize(0x10);
    pulse(5);
    pic.setLine(5, true);
    expect(pic.acknowledge()).toBe(0x25);
  });

  it('forgets edges, in-service bits, the mask and the special modes', () => {
    initialize();
    bus.write(MASTER + 1, 1, 0x0f);
    pic.setLine(4, true);
    pic.acknowledge();
    pic.setLine(5, true);
    bus.write(MASTER, 1, 0x68); // special mask mode
    bus.write(MASTER, 1, READ_ISR);
    initialize();
    expect(bus.read(MASTER, 1)).toBe(0); // reads the IRR again, which is empty
    expect(register(MASTER, READ_ISR)).toBe(0);
    expect(pic.interruptPin).toBe(false);
    pic.setLine(5, false);
    pic.setLine(5, true);
    expect(pic.acknowledge()).toBe(0x25);
  });
});

describe('requests', () => {
  beforeEach(() => initialize());

  it('asserts the pin once, and again for what is still pending after the acknowledge', () => {
    pic.setLine(3, true);
    pic.setLine(3, true);
    expect(pin).toEqual([true]);
    pic.setLine(1, true);
    expect(pic.acknowledge()).toBe(0x21);
    expect(pin).toEqual([true, false]); // 3 is of lower priority than 1, which is in service
    bus.write(MASTER, 1, EOI);
    expect(pin).toEqual([true, false, true]);
    expect(pic.acknowledge()).toBe(0x23);
  });

  it('shows IRR and ISR', () => {
    pic.setLine(4, true);
    pic.setLine(6, true);
    expect(register(MASTER, READ_IRR)).toBe(0x50);
    expect(register(MASTER, READ_ISR)).toBe(0);
    pic.acknowledge();
    expect(bus.read(MASTER, 1)).toBe(0x10); // the choice of register lasts
    expect(register(MASTER, READ_IRR)).toBe(0x40);
  });

  it('needs a new edge for a second interrupt', () => {
    pic.setLine(4, true);
    pic.acknowledge();
    bus.write(MASTER, 1, EOI);
    expect(pic.interruptPin).toBe(false);
    pic.setLine(4, false);
    pic.setLine(4, true);
    expect(pic.interruptPin).toBe(true);
  });

  it('latches an edge behind the one in service', () => {
    pic.setLine(4, true);
    pic.acknowledge();
    pic.setLine(4, false);
    pic.setLine(4, true);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, EOI);
    expect(pic.acknowledge()).toBe(0x24);
  });

  it('keeps a masked request pending while its line is high', () => {
    bus.write(MASTER + 1, 1, 0x10);
    pic.setLine(4, true);
    expect(pic.interruptPin).toBe(false);
    expect(register(MASTER, READ_IRR)).toBe(0x10);
    bus.write(MASTER + 1, 1, 0);
    expect(pic.interruptPin).toBe(true);
    bus.write(MASTER + 1, 1, 0x10);
    expect(pic.interruptPin).toBe(false);
  });

  it('withdraws a request whose line falls: the acknowledge is then the spurious IRQ 7', () => {
    pulse(4);
    expect(pin).toEqual([true, false]);
    expect(register(MASTER, READ_IRR)).toBe(0);
    expect(pic.acknowledge()).toBe(0x27);
    expect(register(MASTER, READ_ISR)).toBe(0);
  });

  it('keeps requesting in level mode until the device is served', () => {
    initialize(0x19);
    pic.setLine(4, true);
    pic.acknowledge();
    expect(register(MASTER, READ_IRR)).toBe(0x10);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, EOI);
    expect(pic.interruptPin).toBe(true);
    pic.acknowledge();
    pic.setLine(4, false);
    bus.write(MASTER, 1, EOI);
    expect(pic.interruptPin).toBe(false);
  });

  it('sees a line that is up already when level mode is initialized', () => {
    pic.setLine(4, true);
    initialize(0x19);
    expect(pic.acknowledge()).toBe(0x24);
  });

  it('has no IRQ 2', () => {
    expect(() => pic.setLine(2, true)).toThrow(/cascade/);
  });
});

describe('priority and end of interrupt', () => {
  beforeEach(() => initialize());

  it('nests higher priorities and ends the highest in service', () => {
    pic.setLine(5, true);
    pic.acknowledge();
    pic.setLine(6, true);
    expect(pic.interruptPin).toBe(false);
    pic.setLine(1, true);
    expect(pic.acknowledge()).toBe(0x21);
    expect(register(MASTER, READ_ISR)).toBe(0x22);
    bus.write(MASTER, 1, EOI);
    expect(bus.read(MASTER, 1)).toBe(0x20);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, EOI);
    expect(bus.read(MASTER, 1)).toBe(0);
    expect(pic.acknowledge()).toBe(0x26);
  });

  it('ends a specific level', () => {
    pic.setLine(5, true);
    pic.acknowledge();
    pic.setLine(1, true);
    pic.acknowledge();
    bus.write(MASTER, 1, 0x65);
    expect(register(MASTER, READ_ISR)).toBe(0x02);
    bus.write(MASTER, 1, 0x64); // not in service: nothing
    expect(register(MASTER, READ_ISR)).toBe(0x02);
  });

  it('takes an EOI with nothing in service', () => {
    bus.write(MASTER, 1, EOI);
    bus.write(MASTER, 1, 0xa0);
    pic.setLine(0, true);
    pic.setLine(7, true);
    expect(pic.acknowledge()).toBe(0x20);
  });

  it('sets the priority', () => {
    bus.write(MASTER, 1, 0xc4); // 4 is lowest, 5 highest
    pic.setLine(4, true);
    pic.setLine(0, true);
    pic.setLine(6, true);
    expect(pic.acknowledge()).toBe(0x26);
    bus.write(MASTER, 1, EOI);
    expect(pic.acknowledge()).toBe(0x20);
    bus.write(MASTER, 1, EOI);
    expect(pic.acknowledge()).toBe(0x24);
  });

  it('rotates with a non-specific and a specific EOI', () => {
    pic.setLine(3, true);
    pic.acknowledge();
    bus.write(MASTER, 1, 0xa0); // 3 is lowest now
    pic.setLine(3, false);
    pic.setLine(3, true);
    pic.setLine(4, true);
    expect(pic.acknowledge()).toBe(0x24);
    bus.write(MASTER, 1, 0xe4); // ends 4 and makes it lowest
    pic.setLine(4, false);
    pic.setLine(4, true);
    expect(pic.acknowledge()).toBe(0x23);
  });

  it('leaves nothing in service with automatic EOI', () => {
    initialize(0x11, 0x03);
    pic.setLine(3, true);
    pic.setLine(6, true);
    expect(pic.acknowledge()).toBe(0x23);
    expect(register(MASTER, READ_ISR)).toBe(0);
    expect(pic.acknowledge()).toBe(0x26);
    expect(pin).toEqual([true, false, true, false]);
  });

  it('keeps the order with automatic EOI', () => {
    initialize(0x11, 0x03);
    pic.setLine(3, true);
    pic.acknowledge();
    pic.setLine(3, false);
    pic.setLine(6, true);
    pic.setLine(3, true);
    expect(pic.acknowledge()).toBe(0x23);
  });

  it('rotates in automatic EOI mode when told', () => {
    initialize(0x11, 0x03);
    bus.write(MASTER, 1, 0x80);
    pic.setLine(0, true);
    expect(pic.acknowledge()).toBe(0x20);
    pulse(0);
    pic.setLine(0, true);
    pic.setLine(7, true);
    expect(pic.acknowledge()).toBe(0x27);
    bus.write(MASTER, 1, 0x00);
    pic.setLine(7, false);
    pic.setLine(7, true);
    expect(pic.acknowledge()).toBe(0x20);
    expect(pic.acknowledge()).toBe(0x27); // no more rotation: 7 stayed lowest
  });

  it('lets lower priorities in while the one in service is masked in special mask mode', () => {
    pic.setLine(3, true);
    pic.acknowledge();
    pic.setLine(5, true);
    bus.write(MASTER + 1, 1, 0x08);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, 0x68);
    expect(pic.interruptPin).toBe(true);
    expect(pic.acknowledge()).toBe(0x25);
    expect(register(MASTER, READ_ISR)).toBe(0x28);
    bus.write(MASTER, 1, EOI); // spares the masked level
    expect(register(MASTER, READ_ISR)).toBe(0x08);
    bus.write(MASTER, 1, 0x48); // special mask mode off
    pic.setLine(6, true);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, EOI);
    expect(pic.interruptPin).toBe(true);
  });

  it('polls', () => {
    pic.setLine(6, true);
    bus.write(MASTER, 1, 0x0c);
    expect(bus.read(MASTER, 1)).toBe(0x86);
    expect(register(MASTER, READ_ISR)).toBe(0x40);
    expect(pic.interruptPin).toBe(false);
    expect(register(MASTER, 0x0c)).toBe(0);
    expect(register(MASTER, READ_ISR)).toBe(0x40); // one read answers one poll
  });
});

describe('the cascade', () => {
  beforeEach(() => initialize());

  it('delivers the slave through input 2 and needs two EOIs', () => {
    pic.setLine(8, true);
    expect(register(MASTER, READ_IRR)).toBe(0x04);
    expect(pic.acknowledge()).toBe(0x28);
    expect([register(MASTER, READ_ISR), register(SLAVE, READ_ISR)]).toEqual([0x04, 0x01]);
    pic.setLine(12, true);
    pic.setLine(3, true);
    expect(pic.interruptPin).toBe(false);
    bus.write(SLAVE, 1, EOI);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, EOI);
    expect(pic.acknowledge()).toBe(0x2c); // input 2 comes before input 3
  });

  it('ranks master inputs 0 and 1 above the slave', () => {
    pic.setLine(8, true);
    pic.setLine(1, true);
    expect(pic.acknowledge()).toBe(0x21);
    bus.write(MASTER, 1, EOI);
    expect(pic.acknowledge()).toBe(0x28);
  });

  it('gives a spurious IRQ 15, which leaves the master in service', () => {
    initialize(0x19); // the level-triggered master keeps the slave's request until it looks
    pic.master.setLine(2, true);
    expect(pic.acknowledge()).toBe(0x2f);
    expect([register(MASTER, READ_ISR), register(SLAVE, READ_ISR)]).toEqual([0x04, 0]);
  });

  it('locks a second slave request out unless specially fully nested', () => {
    pic.setLine(12, true);
    pic.acknowledge();
    pic.setLine(9, true);
    expect(pic.interruptPin).toBe(false);
    pic.setLine(12, false);
    pic.setLine(9, false);
    initialize(0x11, 0x11);
    pic.setLine(12, true);
    pic.acknowledge();
    pic.setLine(9, true);
    expect(pic.interruptPin).toBe(true);
    expect(pic.acknowledge()).toBe(0x29);
    pic.setLine(14, true);
    expect(pic.interruptPin).toBe(false);
  });

  it('locks the slave out behind a higher input even then', () => {
    initialize(0x11, 0x11);
    pic.setLine(1, true);
    pic.acknowledge();
    pic.setLine(9, true);
    expect(pic.interruptPin).toBe(false);
    bus.write(MASTER, 1, EOI);
    expect(pic.acknowledge()).toBe(0x29);
  });

  it('makes a new edge for each request of a slave with automatic EOI', () => {
    initialize(0x11, 0x03);
    pic.setLine(9, true);
    pic.setLine(10, true);
    expect(pic.acknowledge()).toBe(0x29);
    expect(pic.interruptPin).toBe(true);
    expect(pic.acknowledge()).toBe(0x2a);
    expect(pic.interruptPin).toBe(false);
  });

  it('falls silent with the slave masked at either controller', () => {
    pic.setLine(8, true);
    bus.write(SLAVE + 1, 1, 0x01);
    expect(pic.interruptPin).toBe(false);
    bus.write(SLAVE + 1, 1, 0);
    expect(pic.interruptPin).toBe(true);
    bus.write(MASTER + 1, 1, 0x04);
    expect(pic.interruptPin).toBe(false);
  });

  it('is silent after a reset until initialized again', () => {
    pic.setLine(8, true);
    pic.reset();
    expect(pic.interruptPin).toBe(false);
    pic.setLine(0, true);
    expect(pic.interruptPin).toBe(false);
  });
});
