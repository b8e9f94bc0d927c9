import type { FrameLocator } from 'playwright-core';
import type { Workbench } from '../host/workbench.ts';

/** Opens the view with the command palette and gives its page, two frames deep. */
export async function openInspector(workbench: Workbench): Promise<FrameLocator> {
  await workbench.runCommand('Focus on Completions View');
  const view = workbench.page.frameLocator('iframe.webview.ready').last().frameLocator('#active-frame');
  await view.getByRole('heading', { name: 'Engine' }).waitFor();
  return view;
}
