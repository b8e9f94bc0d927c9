import { InstalledVsCode } from './installed.ts';
const code = await InstalledVsCode.start();
try {
  const workbench = await code.openSample();
  await workbench.runCommand('Gemma Code: First Steps');
  await workbench.page.getByText('Watch it finish your line').first().waitFor();
  await workbench.page.waitForTimeout(2500);
  await code.picture('look-walkthrough');
  await workbench.page.getByText('Get a bigger model that fits').first().click();
  await workbench.page.waitForTimeout(2000);
  await code.picture('look-walkthrough-models');
  await workbench.page
    .getByRole('button', { name: 'Measure This Machine' })
    .or(workbench.page.locator('.button-link', { hasText: 'Measure This Machine' }))
    .first()
    .click();
  await workbench.runCommand('Notifications: Show Notifications');
  await code.picture('look-measuring');
  const dialog = workbench.page.locator('.monaco-dialog-box');
  await dialog.getByText('What to expect').waitFor();
  await code.picture('look-measured');
  await dialog.getByRole('button', { name: 'Use These Settings' }).click();
  await workbench.page.waitForTimeout(1500);
  await workbench.runAskingCommand('Gemma Code: Get a Model…');
  await workbench.page.locator('.quick-input-widget').getByText('For chat').first().waitFor();
  await code.picture('look-get-measured');
} catch (e) {
  console.error(e);
  await code.picture('look-failed');
  console.log(await code.server.logs());
} finally {
  await code.remove();
}
