import { Type } from 'typebox'
import { Ms, strict } from './schema-parts.ts'

const Code = (description: string, value: string) => Type.String({ pattern: '^(none|[0-9*#]{2,6})$', default: value, description: `${description}; \`none\`: it has no code` })

export const Keys = Type.Object(
  {
    codes: Type.Object(
      {
        transfer: Code('One-key transfer; out of a consultation or a three-way call, completes it', '*1'),
        conference: Code('Three-way call; out of a consultation, merges it', '*2'),
        consult: Code('The desks talk with each other first; out of a three-way call, again', '*3'),
        confirm: Code('The other desk confirms a verified transfer', '*5'),
        back: Code('Takes the press back', '*9'),
      },
      { ...strict, default: {}, description: 'Keys that an agent presses on his phone during a call; the others do not hear them' },
    ),
    pauseMs: Ms('Longest pause between two digits of a code', 2_000, 200, 10_000),
    lamps: Type.Boolean({ default: true, description: 'Asterisk is told what lamps of phones are to show' }),
    failedMs: Ms('How long a lamp shows that a hand-over has failed', 10_000, 0, 600_000),
    phoneUrl: Type.Optional(Type.String({ pattern: '^https?://[^/]+/?$', description: 'Where phones reach Tandem’s HTTP interface, for their key URLs; `http.publicUrl` or its own address when left out' })),
  },
  { ...strict, default: {}, description: 'Keys of desk phones' },
)
