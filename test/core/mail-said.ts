import type { Mail } from '../../core/mail/notice.ts';

/** Practice and clinician of all mails in these tests. */
export const FACTS = {
  clinician: 'Dana Example',
  practice: 'Sunrise Counseling Group',
  vendor: 'TheraNest',
  year: 2026,
  rate: { royaltyCents: 1850, processingCents: 100 },
  amountCents: 1950,
  replyTo: 'office@sunrise.example',
  pageLink: 'https://levy.example/card/f1?a=1&b=2',
};

/** The words a reader sees in the HTML part, in order, without the preview line. */
export function wordsOfHtml(html: string): string {
  const body = html
    .slice(html.indexOf('<body'))
    .replace(/<div style="display:none[^>]*>[^<]*<\/div>/, '')
    .replace(/<[^>]*>/g, ' ');
  return squeezed(unescaped(body));
}

/** The words of the text part, without the rules under its headings. */
export function wordsOfText({ text }: Mail): string {
  return squeezed(text.replace(/^[-=]+$/gm, ' '));
}

function unescaped(html: string): string {
  const signs: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return html.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name: string) => signs[name] ?? '');
}

function squeezed(words: string): string {
  return words.replace(/\s+/g, ' ').trim();
}
