import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DeviceLoss } from '../../../src/inference/backends/webgpu/deviceLoss.ts';

describe('the loss of a graphics device', () => {
  for (const message of [
    'WebGPU device lost (2): Device was lost.',
    'webgpu_context.cc:1 Wait(future) map_async_result.status == wgpu::MapAsyncStatus::Success was false.',
  ]) {
    it(`is recognized in "${message.slice(0, 30)}…" and lasts`, () => {
      const loss = new DeviceLoss();
      loss.check();
      assert.equal(loss.reason(new Error(message))?.code, 'device-lost');
      assert.throws(() => loss.check(), { code: 'device-lost' });
      assert.equal(loss.reason(new Error('anything'))?.code, 'device-lost');
    });
  }

  it('is no explanation for other failures', () => {
    const loss = new DeviceLoss();
    assert.equal(loss.reason(new Error('Failed to allocate memory for the output.')), undefined);
    loss.check();
  });
});
