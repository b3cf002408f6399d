/** An element with a class and a text. */
export function element(tag, className = '', text = undefined) {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (text !== undefined) made.textContent = String(text);
  return made;
}
