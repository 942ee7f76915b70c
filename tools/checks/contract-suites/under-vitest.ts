import { it } from 'vitest';
import { defineSuites } from './define-suites.ts';

defineSuites(it);
