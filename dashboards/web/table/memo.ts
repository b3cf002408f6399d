/** A component that is drawn anew only when `same` says that its properties are others. */
import { Component, type ComponentChild, type ComponentType, h } from 'preact';

export function memo<P>(draw: (props: P) => ComponentChild, same: (before: P, now: P) => boolean): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(now: P): boolean {
      return !same(this.props as P, now);
    }
    override render(): ComponentChild {
      return h(draw as never, this.props as never);
    }
  } as unknown as ComponentType<P>;
}
