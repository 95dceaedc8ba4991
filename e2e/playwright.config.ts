/**
 * Stories told in a real browser, against `hearthline demo`. `cargo xtask test` copies this folder below its target
 * folder, installs there and says in the environment where things are; nothing is downloaded but npm's packages.
 */

import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'stories',
  outputDir: 'results',
  // Each has its own program; those that wait let others use the time.
  fullyParallel: true,
  workers: 3,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: 'list',
  use: {
    browserName: 'chromium',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      // Names are not looked up, so nothing that the browser does by itself leaves the machine.
      args: ['--disable-gpu', '--disable-quic', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    },
  },
});
