/** A process of its own: an instant Stripe and an instant mailbox, for the whole path to work on. */
import { startMailbox } from '../sandbox/mailbox.ts';
import { startSandboxStripe } from '../sandbox/stripe/server.ts';

const stripe = await startSandboxStripe();
const mailbox = await startMailbox({ discard: true });
console.log(JSON.stringify({ stripeUrl: stripe.url, smtpUrl: mailbox.smtpUrl }));
process.stdin.on('end', () => process.exit(0)).resume();
