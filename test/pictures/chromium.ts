/** A page of ours as a PNG, by a Chromium without a window. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Shot {
  readonly page: string;
  readonly png: string;
  readonly width: number;
  readonly height: number;
}

export async function screenshot({ page, png, width, height }: Shot): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'plimsoll-chromium-'));
  rmSync(png, { force: true });
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--force-device-scale-factor=1',
    '--font-render-hinting=none',
    `--user-data-dir=${profile}`,
    `--window-size=${width},${height}`,
    '--virtual-time-budget=5000',
    `--screenshot=${png}`,
    `file://${page}`,
  ];
  try {
    const said = await run(process.env.CHROMIUM ?? 'chromium', args);
    if (!existsSync(png)) throw new Error(`chromium made no ${png}:\n${said}`);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const patience = setTimeout(() => child.kill('SIGKILL'), 120_000);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(patience);
      resolve(said);
    });
  });
}
