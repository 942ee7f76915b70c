import type { Target, ToolHints } from '@omni/model';
import type { GatewayError, HeaderList } from '@omni/ports';
import type { ToolFacts } from '../reading/upstream-catalogue.ts';
import { MirroredArguments } from './mirrored-arguments.ts';

const NO_ARGUMENTS = new MirroredArguments([]);

/** Where a tool or prompt leads, worked out once for all calls. */
export class CompiledTarget implements Target {
  readonly upstream: string;
  readonly name: string;
  readonly wrapsOutput: boolean;
  readonly hints: ToolHints | undefined;
  readonly #mirrored: MirroredArguments;

  /** @param tool - What calls have to respect; absent for prompts. */
  constructor(upstream: string, name: string, tool?: ToolFacts) {
    this.upstream = upstream;
    this.name = name;
    this.wrapsOutput = tool?.wrapsOutput === true;
    this.hints = tool?.hints;
    this.#mirrored =
      tool === undefined || tool.headerParams.length === 0
        ? NO_ARGUMENTS
        : new MirroredArguments(tool.headerParams);
  }

  checkHeaders(argumentsText: string | undefined, headers: HeaderList): GatewayError | undefined {
    return this.#mirrored.check(argumentsText, headers);
  }

  headersFor(argumentsText: string | undefined): HeaderList {
    return this.#mirrored.headersFor(argumentsText);
  }
}
