/** What a {@link Chain} holds: each knows its neighbors. */
export interface Linked<N> {
  previous: N | undefined
  next: N | undefined
}

/** A doubly linked list whose nodes are the values: adding and taking out from anywhere costs the same, however long. */
export class Chain<N extends Linked<N>> {
  first: N | undefined
  last: N | undefined
  size = 0

  /** Adds at the end. */
  append(node: N): void {
    node.previous = this.last
    node.next = undefined
    if (this.last) this.last.next = node
    else this.first = node
    this.last = node
    this.size += 1
  }

  /** @param node one that is in this chain; it keeps its `next` */
  remove(node: N): void {
    if (node.previous) node.previous.next = node.next
    else this.first = node.next
    if (node.next) node.next.previous = node.previous
    else this.last = node.previous
    this.size -= 1
  }

  *[Symbol.iterator](): Generator<N> {
    for (let node = this.first; node; node = node.next) yield node
  }
}
