/** Gives the markup of a region that changes, or null when there is nothing to show any more. */
export type RenderRegion = () => Promise<string | null>;

/** Somebody who looks at a region. `send` gives false when they cannot keep up. */
export interface Listener {
  send(markup: string): boolean;
  close(): void;
}

export interface LiveHub {
  /** Sends a topic's region at once and after each change. Gives what ends that. */
  listen(topic: string, render: RenderRegion, listener: Listener): () => void;
  listeners(): number;
  /** Closes every listener; no other is taken. */
  close(): void;
}

/** Regions are rendered at most this often, for all listeners of a topic together, in ms. */
const EVERY_MS = 1_000;

/**
 * Renders each topic that anybody looks at once a second, and sends it to its listeners when it has
 * changed. A topic without listeners costs nothing.
 */
export function createLiveHub(onError: (error: unknown) => void): LiveHub {
  interface Topic {
    render: RenderRegion;
    listeners: Set<Listener>;
    markup: string | null;
    timer: NodeJS.Timeout | null;
  }
  const topics = new Map<string, Topic>();
  let closed = false;

  async function renew(name: string, topic: Topic): Promise<void> {
    topic.timer = null;
    try {
      const markup = await topic.render();
      if (markup === null) return drop(name, topic);
      if (markup !== topic.markup) {
        topic.markup = markup;
        for (const listener of topic.listeners)
          if (!listener.send(markup)) {
            topic.listeners.delete(listener);
            listener.close();
          }
      }
    } catch (error) {
      // The database may be away for a while; what is shown stays.
      onError(error);
    }
    if (topic.listeners.size === 0 || closed) return void topics.delete(name);
    topic.timer = setTimeout(() => void renew(name, topic), EVERY_MS);
  }

  function drop(name: string, topic: Topic): void {
    topics.delete(name);
    if (topic.timer) clearTimeout(topic.timer);
    for (const listener of topic.listeners) listener.close();
    topic.listeners.clear();
  }

  return {
    listen(name, render, listener) {
      if (closed) {
        listener.close();
        return () => undefined;
      }
      const known = topics.get(name);
      const topic = known ?? { render, listeners: new Set(), markup: null, timer: null };
      topic.listeners.add(listener);
      if (known?.markup) listener.send(known.markup);
      if (!known) {
        topics.set(name, topic);
        void renew(name, topic);
      }
      return () => {
        topic.listeners.delete(listener);
        // Between two renewals nobody else notices that the last one has left.
        if (topic.listeners.size === 0 && topic.timer) drop(name, topic);
      };
    },
    listeners: () => [...topics.values()].reduce((sum, { listeners }) => sum + listeners.size, 0),
    close() {
      closed = true;
      for (const [name, topic] of topics) drop(name, topic);
    },
  };
}
