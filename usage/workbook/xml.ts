/** What the scanner tells its caller. Names come without their namespace prefix. */
export interface XmlSink {
  open(name: string, attributes: string): void;
  close(name: string): void;
  text(text: string): void;
}

/** A tag longer than this is no tag of a workbook. */
const TAG_MAX = 64 * 1024;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * A scanner for the plain XML of workbooks, whatever the pieces it arrives in. Knows tags, text
 * and entities; declarations, comments and processing instructions are passed over.
 */
export function createXml(sink: XmlSink) {
  let buffer = '';

  function tag(inner: string): void {
    const first = inner.charCodeAt(0);
    if (first === 47) return sink.close(local(inner.slice(1).trim()));
    if (first === 63 || first === 33) return;
    const selfClosing = inner.endsWith('/');
    const body = selfClosing ? inner.slice(0, -1) : inner;
    const space = nameEnd(body);
    const name = local(body.slice(0, space));
    sink.open(name, body.slice(space));
    if (selfClosing) sink.close(name);
  }

  return {
    write(text: string): void {
      buffer += text;
      let at = 0;
      for (;;) {
        const open = buffer.indexOf('<', at);
        if (open < 0) break;
        if (open > at) sink.text(decoded(buffer.slice(at, open)));
        at = open;
        const close = buffer.indexOf('>', open);
        if (close < 0) break;
        tag(buffer.slice(open + 1, close));
        at = close + 1;
      }
      buffer = buffer.slice(at);
      if (buffer.length > TAG_MAX) buffer = '';
    },
  };
}

/** The value of one attribute in a tag's attribute text, or null. */
export function attribute(attributes: string, name: string): string | null {
  for (const quote of ['"', "'"]) {
    const key = ` ${name}=${quote}`;
    const at = attributes.indexOf(key);
    if (at < 0) continue;
    const from = at + key.length;
    return decoded(attributes.slice(from, attributes.indexOf(quote, from)));
  }
  return null;
}

function nameEnd(body: string): number {
  for (let at = 0; at < body.length; at++) if (body.charCodeAt(at) <= 32) return at;
  return body.length;
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (name[0] !== '#') return ENTITIES[name] ?? whole;
    const code = name[1] === 'x' ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
