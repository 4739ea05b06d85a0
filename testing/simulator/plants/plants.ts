import { IDENTITY_PLANTS } from './identity.ts';
import { LEDGER_PLANTS } from './ledger.ts';
import { MAIL_PLANTS } from './mail.ts';
import { MONEY_PLANTS } from './money.ts';
import { NO_PLANT, type PlantedBug } from './plant.ts';

/** Every bug that can be planted. */
export const PLANTS: PlantedBug[] = [
  ...MONEY_PLANTS,
  ...LEDGER_PLANTS,
  ...MAIL_PLANTS,
  ...IDENTITY_PLANTS,
];

/** The bug of this name; `none` is the production as it is. Throws for any other name. */
export function plantOf(name: string): PlantedBug {
  const found = [NO_PLANT, ...PLANTS].find((one) => one.name === name);
  if (found) return found;
  throw new Error(`There is no plant "${name}": ${PLANTS.map((one) => one.name).join(', ')}, all.`);
}
