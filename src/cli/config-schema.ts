import { publishedSchema } from '../config/published-schema.ts'

/** `npm run -s config-schema > src/config/tandem.schema.json` */
process.stdout.write(`${JSON.stringify(publishedSchema(), null, 2)}\n`)
