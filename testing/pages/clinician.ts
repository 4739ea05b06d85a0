import type { Sample } from './sample.ts';

/** A clinician's pages, each under a name, by the links in the sample year's own e-mails. */
export function clinicianPages({ levy }: Sample): { kind: string; url: string }[] {
  const mails = levy.sandbox.mailbox?.messages() ?? [];
  const linkIn = (subject: RegExp) => {
    const mail = mails.find((one) => subject.test(one.subject));
    const link = /https?:\/\/\S+\/fee\/[\w.-]+/.exec(mail?.text ?? '')?.[0];
    if (!link) throw new Error(`no e-mail like ${subject.source} has a link`);
    return `${levy.url}${new URL(link).pathname}`;
  };
  const [paid, declined] = [linkIn(/^Receipt/), linkIn(/declined/)];
  return [
    { kind: '/fee/paid', url: paid },
    { kind: '/fee/receipt', url: `${paid}/receipt` },
    { kind: '/fee/declined', url: declined },
    { kind: '/fee/left', url: `${declined}/left?vendor=therapynotes&on=2026-03-01` },
    { kind: '/fee/moving', url: `${declined}/moving` },
    { kind: '/fee/mistyped', url: `${paid}x` },
  ];
}
