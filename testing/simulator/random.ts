/** A seeded source of chance: the same name and seed give the same numbers, everywhere. */
export interface Random {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** A whole number from 0 up to, but not, `below`. */
  int(below: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** By weight: `{ often: 9, seldom: 1 }`. */
  weighted<Name extends string>(weights: Record<Name, number>): Name;
  /** A source of its own, so that one more draw here changes nothing there. */
  fork(name: string): Random;
}

/** The source of everything that is chance in a seed. */
export function createRandom(name: string): Random {
  const draw = sfc32(hashOf(name));
  const int = (below: number) => Math.floor(draw() * below);
  return {
    next: draw,
    int,
    between: (low, high) => low + int(high - low + 1),
    chance: (probability) => draw() < probability,
    pick: <T>(list: readonly T[]) => {
      if (list.length === 0) throw new Error('Bug! nothing to pick from');
      return list[int(list.length)] as T;
    },
    weighted: (weights) => weighted(weights, draw()),
    fork: (branch) => createRandom(`${name}/${branch}`),
  };
}

function weighted<Name extends string>(weights: Record<Name, number>, at: number): Name {
  const names = Object.keys(weights) as Name[];
  let left = at * names.reduce((sum, name) => sum + weights[name], 0);
  for (const name of names) {
    left -= weights[name];
    if (left < 0) return name;
  }
  return names.at(-1) as Name;
}

/** Four words from a text: 32-bit FNV-1a, each begun differently and stirred at the end. */
function hashOf(text: string): [number, number, number, number] {
  const word = (start: number) => {
    let hash = start;
    for (let at = 0; at < text.length; at += 1)
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) >>> 0;
  };
  return [word(0x811c9dc5), word(0x9e3779b9), word(0x85ebca6b), word(0xc2b2ae35)];
}

/** Chris Doty-Humphrey's small fast counting generator: 128 bits of state, passes PractRand. */
function sfc32([a, b, c, counter]: [number, number, number, number]): () => number {
  const draw = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) draw();
  return draw;
}
