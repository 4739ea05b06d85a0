import { SCOPES } from '../ledger/access.ts';
import { BULK_ACTIONS } from '../core/fee/outlook.ts';
import { API_OPTIONS } from './api-address.ts';
import type { Call, Command } from './command.ts';

const KINDS = ['auto', 'x12', 'fhir', 'csv', 'xlsx', 'text'] as const;

const JSON_OBJECT = { type: 'boolean', says: 'one JSON object' } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KIND = {
  type: 'string',
  value: 'KIND',
  choices: KINDS,
  says: 'what the files are; without it their content decides',
} as const;
const FILES = {
  usage: 'FILE...',
  least: 1,
  most: Infinity,
  files: true,
  missing: 'Name at least one file, or - for stdin.',
} as const;
const WHICH_LEDGER =
  'It works on the database of DATABASE_URL, else on the data in LEVY_HOME (.levy), whether a ' +
  'levy runs there or not.';

const ACTS = BULK_ACTIONS.map((act) => act.replaceAll('_', '-'));

/** Every command of levy, in the order of the help. */
export const COMMANDS = {
  start: {
    does: 'runs everything in one process, with its data in .levy/',
    about: [
      'Runs your own installation until it is told to stop (Ctrl-C): the API, the console, a ' +
        'worker, and a built-in service for each that the environment does not name.',
      'PORT and HOST say where it listens, LEVY_HOME where it keeps its data. The first start ' +
        'shows an access token, once; levy keys makes another one.',
    ],
    args: null,
    options: {},
    examples: ['levy start', 'PORT=8080 LEVY_HOME=data levy start'],
    statuses: { 0: 'it was told to stop, and did', 1: 'it could not start' },
  },
  demo: {
    does: 'runs a sample year on sample people, in less than a minute',
    about: [
      'Runs a year of 40 sample clinicians to its end on the real parts, with a sandbox for ' +
        'Stripe and the mail. Its data is deleted afterwards.',
      'PORT and HOST say where it listens; without PORT it takes a free port.',
    ],
    args: null,
    options: {
      json: { type: 'boolean', says: 'one JSON object instead of progress and tables' },
      keep: { type: 'boolean', says: 'leaves it running for a closer look, until Ctrl-C' },
    },
    examples: ['levy demo', 'PORT=8080 levy demo --keep'],
    statuses: { 0: 'the year ended as it should', 1: 'it did not, or it could not start' },
  },
  migrate: {
    does: 'brings the database up to date as its owner, with roles and grants',
    about: [
      'Migrates the database of DATABASE_OWNER_URL (else DATABASE_URL), makes the roles if it ' +
        'may, and grants them their rights. levy start does the same for its own database.',
    ],
    args: null,
    options: {},
    examples: ['DATABASE_OWNER_URL=postgres://... levy migrate'],
    statuses: { 1: 'the roles are missing, or it failed' },
  },
  import: {
    does: 'sends usage records to a running levy',
    about: [
      'Sends usage records to a running levy, which keeps nothing of them but evidence of use. ' +
        'The same file again changes nothing: after a broken line, send it once more. FILE may ' +
        'be - for standard input.',
      'With --fhir it reads a year from a FHIR server instead, with a bearer token in ' +
        'LEVY_FHIR_TOKEN (or LEVY_FHIR_TOKEN_FILE), or with --client-id as a SMART backend ' +
        'service: its private key, PEM or JWK, in LEVY_FHIR_KEY (or LEVY_FHIR_KEY_FILE), the ' +
        "key's id in LEVY_FHIR_KEY_ID.",
    ],
    args: { ...FILES, least: 0 },
    options: {
      ...API_OPTIONS,
      vendor: { type: 'string', value: 'VENDOR', says: 'the vendor whose export it is' },
      from: {
        type: 'string',
        value: 'DAY',
        says: 'the first day of an export whose rows have no dates, like 2026-01-01',
      },
      to: { type: 'string', value: 'DAY', says: 'its last day, within the same year' },
      kind: KIND,
      fhir: { type: 'string', value: 'URL', says: 'reads from this FHIR server, not from files' },
      year: { type: 'string', value: 'YEAR', says: 'the year to read from the FHIR server' },
      'client-id': {
        type: 'string',
        value: 'ID',
        says: "the client's id at the FHIR server; else LEVY_FHIR_CLIENT_ID",
      },
      json: { type: 'boolean', says: 'one JSON object a file' },
    },
    examples: [
      'LEVY_TOKEN=... levy import spring.837 summer.csv',
      'levy import --fhir https://ehr.example/fhir --year 2026',
    ],
    statuses: { 0: 'every file was imported', 1: 'one was not' },
  },
  detect: {
    does: 'shows the uses of codes in files, offline',
    about: [
      'Finds use of CPT codes in usage records: X12 837 and 835, FHIR, CSV, Excel workbooks, ' +
        'notes. Works offline and keeps nothing. FILE may be - for standard input.',
    ],
    args: FILES,
    options: {
      json: {
        type: 'boolean',
        says:
          'one JSON object a line: file, line, kind, code, modifiers, npi, clinician, date, ' +
          'certainty (sure or weak), rule',
      },
      kind: KIND,
      lines: { type: 'boolean', says: 'with --kind text: every line is a record of its own' },
    },
    examples: ['levy detect spring.837', 'levy detect --kind text --lines --json - < notes.txt'],
    statuses: { 0: 'every file was read', 1: 'one was not' },
  },
  fees: {
    does: 'does one thing to every fee that matches, after a preview',
    about: [
      'Shows what would happen to every fee that matches, asks, and does it: a few fees first, ' +
        'then more of them. It is the same act as on the desk of failed cards in the console, ' +
        'which can pause and end it.',
      'A selection joins conditions with “and”: state, decline, year, vendor, assessment, ' +
        'days>=30, text.',
    ],
    args: {
      usage: 'ACT',
      least: 1,
      most: 1,
      choices: ACTS,
      missing: `Name the act: ${ACTS.join(', ')}.`,
    },
    options: {
      where: { type: 'string', value: 'SELECTION', says: 'which fees, as state=needs_card' },
      why: { type: 'string', value: 'TEXT', says: 'the reason, or the text of a note' },
      yes: { type: 'boolean', says: 'does not ask' },
      'no-wait': { type: 'boolean', says: 'starts it and ends' },
      ...API_OPTIONS,
      json: JSON_OBJECT,
    },
    examples: [
      "levy fees retry --where 'state=gave_up and year=2026'",
      "levy fees note --where 'text=\"Lee\"' --why 'called them' --yes",
    ],
    statuses: { 0: 'it was done', 1: 'it was not confirmed, was paused or was refused' },
  },
  verify: {
    does: 'proves the books, or names the fees that break them',
    about: [
      "Proves from the ledger and from Stripe's own books what must always hold, or names the " +
        'fees that break it. It only reads.',
      WHICH_LEDGER,
    ],
    args: null,
    options: {
      assessment: {
        type: 'string',
        value: 'ID',
        says: 'only this assessment; without it, all of them',
        form: { is: UUID, words: 'the id of an assessment, as the console shows it' },
      },
      json: { ...JSON_OBJECT, says: 'the report as one JSON object' },
    },
    examples: ['levy verify', 'levy verify --json'],
    statuses: {
      0: 'everything holds',
      1: 'a breach was found',
      2: 'wrong use, or it could not check: nothing is proven',
    },
  },
  restore: {
    does: 'brings a ledger that was restored or lost up to what Stripe has',
    about: [
      'Brings a ledger up to what Stripe has, after it was restored from a backup, lost and set ' +
        'up anew, or moved: payments, declines, refunds and disputes that it does not know are ' +
        'written into it. Nothing is charged and nobody is written to. A worker does the same at ' +
        'its start when it finds the ledger behind.',
      WHICH_LEDGER,
    ],
    args: null,
    options: { json: { ...JSON_OBJECT, says: 'what it came to as one JSON object' } },
    examples: ['levy restore'],
    statuses: {
      0: 'ledger and Stripe agree',
      1: 'something is left for a person',
      2: 'wrong use, or it could not ask',
    },
  },
  keys: {
    does: 'lists the access keys',
    about: [
      'Lists the access keys: id, name, scopes, when each was created and last used, and whether ' +
        'it is revoked. Never a token: only its hash is kept.',
      WHICH_LEDGER,
    ],
    args: null,
    options: { json: JSON_OBJECT },
    examples: ['levy keys', 'levy keys --json'],
  },
  'keys new': {
    does: 'makes an access key and shows its token once',
    about: [
      'Makes an access key. Its token goes to standard output, once, and is stored nowhere. ' +
        'A scope includes no other: read looks, operate works, approve lets charges go.',
      WHICH_LEDGER,
    ],
    args: null,
    options: {
      name: {
        type: 'string',
        value: 'NAME',
        says: 'who or what uses it; stands beside every act',
        form: { is: /^(?!\s)\P{C}{1,80}(?<!\s)$/u, words: 'one line of 1 to 80 characters' },
      },
      scope: {
        type: 'string',
        value: 'SCOPE',
        multiple: true,
        choices: SCOPES,
        says: 'what it may do, with commas or once more for each',
      },
      json: { ...JSON_OBJECT, says: 'one JSON object with the token in it' },
    },
    examples: [
      'levy keys new --name office --scope read,operate,approve',
      'LEVY_TOKEN=$(levy keys new --name "night script" --scope read --scope operate)',
    ],
    statuses: { 1: 'the name is or was taken, or it failed' },
  },
  'keys revoke': {
    does: 'revokes an access key, and the sessions begun with it',
    about: [
      'Revokes an access key at once, with the sessions that were begun with it in the console. ' +
        'It cannot be undone; make another key instead.',
      WHICH_LEDGER,
    ],
    args: {
      usage: 'ID',
      least: 1,
      most: 1,
      missing: 'Name the key by its id, as levy keys shows it.',
    },
    options: {
      yes: { type: 'boolean', says: 'revokes even the last key that may approve' },
      json: JSON_OBJECT,
    },
    examples: ['levy keys revoke 0b8f3f6e-3c1e-4f57-9b3c-6f5b6d1f2a10'],
    statuses: { 1: 'there is no such key, or it failed', 2: 'wrong use, or --yes is missing' },
  },
  completion: {
    does: 'prints a script that completes commands and options in a shell',
    about: [
      'Prints a script for bash, zsh or fish that completes what follows the word levy. In this ' +
        "folder, alias levy='npm run --silent levy --' makes it a word.",
    ],
    args: {
      usage: 'bash|zsh|fish',
      least: 1,
      most: 1,
      choices: ['bash', 'zsh', 'fish'],
      missing: 'Name the shell: bash, zsh or fish.',
    },
    options: {},
    examples: ['source <(levy completion bash)', 'levy completion fish | source'],
  },
  version: {
    does: 'prints the version, like levy --version',
    about: ['Prints the version of this levy.'],
    args: null,
    options: {},
    examples: ['levy version'],
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;

/** What a command is called with, by its name. */
export type CallOf<Name extends CommandName> = Call<(typeof COMMANDS)[Name]>;
