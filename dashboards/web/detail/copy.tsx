/** A button that copies a text, and says that it has. */
import { useSignal } from '@preact/signals';
import { after } from '../clock.ts';

export function Copy({
  text,
  what,
  label = 'Copy',
}: {
  readonly text: string;
  readonly what: string;
  readonly label?: string;
}) {
  const said = useSignal('');
  const copy = (): void => {
    const tell = (words: string): void => {
      said.value = words;
      after(2000, () => {
        said.value = '';
      });
    };
    // Only on secure origins is there a clipboard; a text to copy by hand is there everywhere.
    if (navigator.clipboard)
      void navigator.clipboard.writeText(text).then(
        () => tell('Copied'),
        () => prompt('To copy:', text),
      );
    else prompt('To copy:', text);
  };
  return (
    <button type="button" class="copy" title={text} aria-label={`Copy ${what}`} onClick={copy}>
      {said.value || label}
    </button>
  );
}
