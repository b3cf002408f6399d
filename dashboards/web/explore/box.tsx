/** The box that PromQL is typed into, with what could come next below it: arrows choose, Enter or Tab takes, Escape closes. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { choicesAt } from './choices.ts';
import { accepted, type Choice, type Spot, spotAt } from './complete.ts';

export interface BoxProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onRun: () => void;
}

interface Offered {
  readonly spot: Spot;
  readonly choices: readonly Choice[];
  readonly chosen: number;
}

const NOTHING: Offered | undefined = undefined;
/** A box of several lines may be one, whatever the types say. */
const COMBOBOX = { role: 'combobox' } as object;

export function Box({ text, onText, onRun }: BoxProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const offered = useSignal<Offered | undefined>(NOTHING);
  const look = async (): Promise<void> => {
    const element = box.current;
    if (!element) return;
    const spot = spotAt(element.value, element.selectionStart);
    // An empty word would offer everything.
    if (!spot || (spot.kind === 'name' && spot.typed === '')) {
      offered.value = undefined;
      return;
    }
    const choices = await choicesAt(spot).catch(() => []);
    if (element.selectionStart - spot.typed.length === spot.from)
      offered.value = choices.length > 0 ? { spot, choices, chosen: 0 } : undefined;
  };
  const take = ({ spot, choices }: Offered, at: number): void => {
    const element = box.current;
    const choice = choices[at];
    if (!element || !choice) return;
    const [next, cursor] = accepted(element.value, element.selectionStart, { spot, choice });
    element.value = next;
    element.setSelectionRange(cursor, cursor);
    onText(next);
    element.focus();
    offered.value = undefined;
    void look();
  };
  const key = (event: KeyboardEvent): void => {
    const open = offered.value;
    if (event.key === 'Enter' && !event.shiftKey && (!open || event.ctrlKey)) {
      event.preventDefault();
      offered.value = undefined;
      onRun();
      return;
    }
    if (!open) return;
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by !== 0) offered.value = { ...open, chosen: (open.chosen + by + open.choices.length) % open.choices.length };
    else if (event.key === 'Enter' || event.key === 'Tab') take(open, open.chosen);
    else if (event.key === 'Escape') offered.value = undefined;
    else return;
    event.preventDefault();
  };
  const open = offered.value;
  return (
    <div class="promql">
      <textarea
        ref={box}
        rows={3}
        spellcheck={false}
        value={text}
        aria-label="A question in PromQL"
        {...COMBOBOX}
        aria-expanded={open !== undefined}
        aria-controls="choices"
        aria-autocomplete="list"
        aria-activedescendant={open ? `choice-${open.chosen}` : undefined}
        placeholder={'topk(5, sum by (name) (rate(container_cpu_usage_seconds_total{name!=""}[5m])))'}
        onInput={({ currentTarget }) => {
          onText(currentTarget.value);
          void look();
        }}
        onKeyDown={key}
        onBlur={() => {
          offered.value = undefined;
        }}
      />
      <ul id="choices" role="listbox" aria-label="What could come next" hidden={!open}>
        {open?.choices.map(({ text: word, kind, help }, i) => (
          <li
            key={`${kind} ${word}`}
            id={`choice-${i}`}
            role="option"
            aria-selected={i === open.chosen}
            ref={(element) => void (i === open.chosen && element?.scrollIntoView({ block: 'nearest' }))}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(open, i)}
          >
            <code>{word}</code> <span class="faint">{kind}</span> <span class="faint help">{help}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
