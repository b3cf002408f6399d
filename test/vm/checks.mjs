import { writeFileSync } from 'node:fs';
writeFileSync(process.argv[3], JSON.stringify({ about: process.version, checks: [{ what: 'boot', expected: 'x', found: 'x', ok: true }] }));
