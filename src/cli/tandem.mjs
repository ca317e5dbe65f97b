#!/usr/bin/env node
/** `tandem <command> …`, from wherever it is started. */
import { fileURLToPath } from 'node:url'

process.argv.splice(2, 0, fileURLToPath(new URL('tandem.ts', import.meta.url)))
await import('./bootstrap.mjs')
