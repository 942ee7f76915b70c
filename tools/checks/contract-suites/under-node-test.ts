import { it } from 'node:test';
import { defineSuites } from './define-suites.ts';

defineSuites(it);
