import { describe, expect, it } from '@jest/globals';
import { guardsPage } from './page.ts';

describe('guardsPage', () => {
  it('has a row for each guard, with what demands it', () => {
    const page = guardsPage([
      { name: 'door/locked', against: 'Anybody comes in.' },
      { name: 'door/closed', against: 'It is cold.', rule: 'CVE-2026-1' },
    ]);
    expect(page).toMatch(/^\| door\/locked \| Anybody comes in\. \| {13}\|$/m);
    expect(page).toMatch(/^\| door\/closed \| It is cold\. {6} \| CVE-2026-1 {2}\|$/m);
  });

  it('shows text that looks like markup as text', () => {
    expect(guardsPage([{ name: 'door/locked', against: 'Anybody *comes* in.' }])).toContain(
      String.raw`Anybody \*comes\* in.`,
    );
  });
});
