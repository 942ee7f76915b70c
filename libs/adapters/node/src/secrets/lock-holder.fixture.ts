import { PrivateTextFile } from './private-text-file.ts';

// A process of its own: appends a line to a text as often as it is told, or dies while it holds the lock.
const [path = '', count = '0', label = ''] = process.argv.slice(2);
const file = new PrivateTextFile(path);
if (count === 'die') {
  await file.change(() => {
    process.stdout.write('held\n');
    return new Promise<never>(() => setInterval(() => {}, 1_000));
  });
}
for (let n = 0; n < Number(count); n++) await file.change((text = '') => `${text}${label}${n}\n`);
