import { buildApi } from '../api/app.ts';
import { REQUEST_LIMITS, type ApiDeps } from '../api/deps.ts';
import type { Config } from '../config/config.ts';
import type { Services } from '../config/services.ts';
import type { Connections } from './connect.ts';

/** Builds the API over its connections; it listens when it is told to. */
export async function createApi(
  config: Config,
  services: Services,
  connections: Connections,
  checks: ApiDeps['checks'] = {},
): ReturnType<typeof buildApi> {
  const { ledger, queues, payments, log } = connections;
  const { webhookSecrets, sessionSecret } = services;
  return buildApi({
    ...config,
    ...{ ledger, queues, payments, log, webhookSecrets, sessionSecret, checks },
    limits: REQUEST_LIMITS,
  });
}
