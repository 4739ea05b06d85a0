import { SaxesParser } from 'saxes';

/** The attributes of a tag, by their names as written. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** What the scanner tells its caller. Tag names come without their namespace prefix. */
export interface XmlSink {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  text(text: string): void;
}

/**
 * One text, tag or comment may be so many characters long. A cell of Excel's longest text fits in,
 * even with every character written as an entity. The parser keeps what has not ended yet.
 */
const PIECE_MAX = 256 * 1024;
/** Tags inside each other; a workbook has some ten. The parser keeps all that are open. */
const DEPTH_MAX = 256;
/** Faults after which a file is no XML. */
const FAULTS_MAX = 100;

/**
 * Reads XML in whatever pieces it arrives. A document type is passed over: it defines no entity,
 * and nothing is ever fetched. A fault is counted, and the rest is read as well as it can be.
 * `write` and `end` throw where the XML is too deep, too faulty, or one piece of it too long.
 */
export function createXml(sink: XmlSink) {
  const parser = new SaxesParser();
  let unended = 0;
  let depth = 0;
  let faults = 0;

  parser.on('opentag', ({ name, attributes }) => {
    unended = 0;
    depth++;
    if (depth > DEPTH_MAX) throw new Error('xml: too many tags inside each other');
    sink.open(local(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    unended = 0;
    depth--;
    sink.close(local(name));
  });
  const text = (read: string) => {
    unended = 0;
    sink.text(read);
  };
  // A parser with more than six handlers is eight times slower: V8 keeps it as a dictionary.
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('error', (error) => {
    faults++;
    if (faults > FAULTS_MAX) throw error;
  });

  return {
    write(xml: string): void {
      unended += xml.length;
      parser.write(xml);
      if (unended > PIECE_MAX) throw new Error('xml: a text or a tag without an end');
    },
    /** To be called after the last piece: a tag that is still open is a fault. */
    end(): void {
      parser.close();
    },
    /** Whether the XML read so far is well formed. */
    sound(): boolean {
      return faults === 0;
    },
  };
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
