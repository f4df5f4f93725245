// The level pieces of lines, between two layers: which lies above which, so that lines that do not
// belong together never lie on one another and cross as little as they can.

/** The level piece of a line, or of all lines that share it on their way into one state. */
export interface Piece {
  readonly key: string;
  /** Where it comes down from above. */
  readonly downs: number[];
  /** Where it goes on below. */
  readonly ups: number[];
  left: number;
  right: number;
  /** Counted from the top. */
  track: number;
  /** Moves one of its ends a little aside, where that can be moved. */
  readonly nudge: () => boolean;
}

/** Lines closer than this would be taken for one. */
const NEAR = 5;
/** Beyond so many pieces the order is taken as it comes: to compare all pairs would cost too much. */
const PAIRS_MAX = 400;

export class Channel {
  private readonly pieces = new Map<string, Piece>();

  /** Adds the level piece of one line: `downs` are its ends above the level, `ups` those below. */
  add(key: string, downs: readonly number[], ups: readonly number[], nudge: () => boolean): void {
    const left = Math.min(...downs, ...ups);
    const right = Math.max(...downs, ...ups);
    const piece = this.pieces.get(key);
    if (!piece) {
      this.pieces.set(key, { key, downs: [...downs], ups: [...ups], left, right, track: 0, nudge });
      return;
    }
    piece.downs.push(...downs);
    piece.ups.push(...ups);
    piece.left = Math.min(piece.left, left);
    piece.right = Math.max(piece.right, right);
  }

  trackOf(key: string): number {
    return this.pieces.get(key)?.track ?? 0;
  }

  /** After `assign`: moves ends aside where a piece could not lie above another as it must, since they are
   *  in a circle. Whether any was moved. */
  untangle(): boolean {
    const pieces = [...this.pieces.values()];
    if (pieces.length > PAIRS_MAX) return false;
    let isTangled = false;
    for (const upper of pieces) {
      for (const lower of pieces) {
        if (upper === lower || upper.track <= lower.track || !overlap(upper, lower) || !covers(upper, lower)) continue;
        if (upper.nudge() || lower.nudge()) isTangled = true;
      }
    }
    return isTangled;
  }

  /** Gives every piece its track; how many there are. */
  assign(): number {
    const pieces = [...this.pieces.values()].sort((one, other) => one.left - other.left || one.right - other.right);
    const must = new Map<Piece, Piece[]>(pieces.map((piece) => [piece, []]));
    const had = new Map<Piece, Piece[]>(pieces.map((piece) => [piece, []]));
    if (pieces.length <= PAIRS_MAX) {
      pieces.forEach((one, at) => {
        for (const other of pieces.slice(at + 1)) {
          if (!overlap(one, other)) continue;
          const isOneFirst = covers(one, other);
          const isOtherFirst = covers(other, one);
          if (isOneFirst) must.get(other)?.push(one);
          if (isOtherFirst) must.get(one)?.push(other);
          if (isOneFirst || isOtherFirst) continue;
          const isBetter = betterAbove(one, other);
          had.get(isBetter ? other : one)?.push(isBetter ? one : other);
        }
      });
    }
    const tracks: Piece[][] = [];
    for (const piece of inOrder(pieces, must, had)) {
      let track = 0;
      for (const each of [...(must.get(piece) ?? []), ...(had.get(piece) ?? [])]) {
        if (each.track >= 0) track = Math.max(track, each.track + 1);
      }
      while ((tracks[track] ?? []).some((each) => overlap(each, piece))) track++;
      (tracks[track] ??= []).push(piece);
      piece.track = track;
    }
    return tracks.length;
  }
}

function overlap(one: Piece, other: Piece): boolean {
  return one.left < other.right + NEAR && one.right > other.left - NEAR;
}

/** Whether fewer lines cross with the first of two pieces above the other; the shorter one where it is the same. */
function betterAbove(one: Piece, other: Piece): boolean {
  const cost = crossed(one, other) - crossed(other, one);
  return cost === 0 ? one.right - one.left <= other.right - other.left : cost < 0;
}

/** Whether `upper` must lie above: it comes down where `lower` goes on, and they would share that stretch. */
function covers(upper: Piece, lower: Piece): boolean {
  return upper.downs.some((down) => lower.ups.some((up) => Math.abs(down - up) < NEAR));
}

/** How many lines cross when `upper` lies above `lower`. */
function crossed(upper: Piece, lower: Piece): number {
  let count = 0;
  for (const down of new Set(lower.downs)) if (down > upper.left + 0.5 && down < upper.right - 0.5) count++;
  for (const up of new Set(upper.ups)) if (up > lower.left + 0.5 && up < lower.right - 0.5) count++;
  return count;
}

/** The pieces so that each comes after those that must be above it, and as often as that allows after
 *  those that had better be. */
function inOrder(pieces: readonly Piece[], must: ReadonlyMap<Piece, readonly Piece[]>, had: ReadonlyMap<Piece, readonly Piece[]>): Piece[] {
  const order: Piece[] = [];
  const waiting = new Set(pieces);
  for (const piece of pieces) piece.track = -1;
  const count = (before: readonly Piece[] | undefined): number => (before ?? []).filter((each) => waiting.has(each)).length;
  while (waiting.size > 0) {
    let best: Piece | null = null;
    let least = Infinity;
    for (const piece of waiting) {
      const cost = count(must.get(piece)) * pieces.length + count(had.get(piece));
      if (cost < least) {
        least = cost;
        best = piece;
      }
      if (cost === 0) break;
    }
    if (!best) break;
    waiting.delete(best);
    order.push(best);
  }
  return order;
}
