import { writeFileSync } from 'node:fs'
import { annex } from '../matters/annex.ts'
import { shippedExamples } from '../recommendation/examples.ts'
import { learn } from '../recommendation/learning.ts'
import { digestOf, encoded, shippedModelFile } from '../recommendation/model-file.ts'

/** `npm run learn`: makes the recommender's model anew, after its examples or its features have changed. */
const examples = shippedExamples()
const model = encoded(learn(annex, examples), digestOf(annex, examples))
writeFileSync(shippedModelFile, model)
process.stdout.write(`${examples.length} examples, ${model.length} bytes\n`)
