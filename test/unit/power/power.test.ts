import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { BatteryPause } from '../../../src/extension/power/batteryPause.ts';
import {
  powerSource,
  sourceOfBatteryStatus,
  sourceOfPmset,
  sourceOfSupplies,
} from '../../../src/extension/power/powerSource.ts';
import type { PowerSource } from '../../../src/extension/power/powerSource.ts';

describe('what a machine lives on', () => {
  it('is read from the supplies of Linux', () => {
    const mains = { type: 'Mains', online: '1' };
    const unplugged = { type: 'Mains', online: '0' };
    const port = { type: 'USB', online: '0', scope: 'System' };
    const discharging = { type: 'Battery', status: 'Discharging' };
    const mouse = { type: 'Battery', status: 'Discharging', scope: 'Device' };
    // A laptop that is plugged in, one whose charger is too weak, one on battery.
    assert.equal(sourceOfSupplies([mains, { type: 'Battery', status: 'Full' }]), 'mains');
    assert.equal(sourceOfSupplies([mains, discharging]), 'mains');
    assert.equal(sourceOfSupplies([unplugged, port, discharging]), 'battery');
    // Charged through USB-C, without a supply that says so.
    assert.equal(sourceOfSupplies([port, { type: 'Battery', status: 'Charging' }]), 'mains');
    assert.equal(sourceOfSupplies([{ ...port, online: '1' }, discharging]), 'mains');
    // Two batteries, of which one waits.
    assert.equal(
      sourceOfSupplies([unplugged, { type: 'Battery', status: 'Unknown' }, discharging]),
      'battery',
    );
    // A desktop with a wireless mouse, a machine that says nothing, a virtual one.
    assert.equal(sourceOfSupplies([mouse]), 'unknown');
    assert.equal(sourceOfSupplies([{ type: 'Battery', status: 'Unknown' }]), 'unknown');
    assert.equal(sourceOfSupplies([]), 'unknown');
  });

  it('is read from what macOS prints', () => {
    const battery = `Now drawing from 'Battery Power'
 -InternalBattery-0 (id=4653155)\t72%; discharging; 4:21 remaining present: true
`;
    const mains = `Now drawing from 'AC Power'
 -InternalBattery-0 (id=4653155)\t100%; charged; 0:00 remaining present: true
`;
    assert.equal(sourceOfPmset(battery), 'battery');
    assert.equal(sourceOfPmset(mains), 'mains');
    assert.equal(sourceOfPmset("Now drawing from 'UPS Power'\n"), 'battery');
    assert.equal(sourceOfPmset(''), 'unknown');
  });

  it('is read from what Windows prints', () => {
    assert.equal(sourceOfBatteryStatus('1\r\n'), 'battery');
    assert.equal(sourceOfBatteryStatus('2\r\n'), 'mains');
    assert.equal(sourceOfBatteryStatus('5\r\n'), 'battery');
    assert.equal(sourceOfBatteryStatus('2\r\n1\r\n'), 'battery');
    assert.equal(sourceOfBatteryStatus('\r\n'), 'unknown');
    assert.equal(sourceOfBatteryStatus('Get-CimInstance : Access is denied'), 'unknown');
  });

  it('is unknown rather than an error where nothing can be asked', async () => {
    assert.equal(await powerSource('aix'), 'unknown');
    if (process.platform !== 'darwin') assert.equal(await powerSource('darwin'), 'unknown');
    assert.ok(['battery', 'mains', 'unknown'].includes(await powerSource()));
  });
});

const scene = (
  intervalMs = 60_000,
): { pause: BatteryPause; asked: () => number; on: (source: PowerSource) => void } => {
  let source: PowerSource = 'battery';
  let asked = 0;
  const pause = new BatteryPause(async () => {
    asked++;
    return source;
  }, intervalMs);
  return { pause, asked: () => asked, on: (now) => (source = now) };
};

describe('the battery pause', () => {
  it('asks nothing unless a person wants less on battery', async () => {
    const { pause, asked } = scene();
    pause.watch('run');
    await turn();
    assert.equal(asked(), 0);
    pause.watch('manual');
    pause.watch('pause');
    await turn();
    assert.equal(asked(), 1);
    assert.equal(pause.now, 'pause');
    pause.watch('run');
    assert.equal(pause.now, 'run');
    pause.dispose();
  });

  it('tells when the machine is plugged in and out, and only then', async () => {
    const { pause, asked, on } = scene(1);
    const told: string[] = [];
    pause.onChange((now) => told.push(now));
    const asks = async (times: number): Promise<void> => {
      for (const end = asked() + times; asked() < end;) await turn();
      await turn();
    };
    pause.watch('manual');
    await asks(3);
    on('mains');
    await asks(3);
    on('unknown');
    await asks(3);
    on('battery');
    await asks(3);
    assert.deepEqual(told, ['manual', 'run', 'manual']);
    pause.dispose();
    const after = asked();
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(asked(), after);
  });

  it('forgets an answer that comes after nobody wants it any more', async () => {
    const answers: ((source: PowerSource) => void)[] = [];
    const pause = new BatteryPause(() => new Promise((resolve) => answers.push(resolve)));
    pause.watch('pause');
    pause.watch('run');
    answers[0]?.('battery');
    await turn();
    assert.equal(pause.now, 'run');
    pause.watch('pause');
    assert.equal(pause.now, 'run');
    answers[1]?.('battery');
    await turn();
    assert.equal(pause.now, 'pause');
    pause.dispose();
  });
});
