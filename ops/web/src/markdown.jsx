import { Lexer } from 'marked';

const SAFE_LINK = /^(https?:|mailto:)/i;

/**
 * A model's text as Markdown. It is made of elements and never of HTML, so whatever HTML the text has is shown as text; images are not
 * fetched, and links go only where a link may go.
 */
export function Markdown({ text }) {
  return <div class="markdown">{blocks(new Lexer({ gfm: true, breaks: true }).lex(text))}</div>;
}

function blocks(tokens) {
  return tokens.map((token, i) => <Block key={i} token={token} />);
}

function Block({ token }) {
  switch (token.type) {
    case 'space':
      return null;
    case 'heading': {
      // The page's own headings come before those of an answer.
      const Heading = `h${Math.min(6, token.depth + 2)}`;
      return <Heading>{inlines(token.tokens)}</Heading>;
    }
    case 'paragraph':
      return <p>{inlines(token.tokens)}</p>;
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      );
    case 'blockquote':
      return <blockquote>{blocks(token.tokens)}</blockquote>;
    case 'list': {
      const items = token.items.map((item, i) => <li key={i}>{blocks(item.tokens)}</li>);
      return token.ordered ? <ol start={token.start || 1}>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table':
      return <Table token={token} />;
    case 'hr':
      return <hr />;
    default:
      return <Inline token={token} />;
  }
}

function Table({ token }) {
  return (
    <div class="wide" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {token.header.map((cell, i) => (
              <th key={i}>{inlines(cell.tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{inlines(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens) {
  return (tokens ?? []).map((token, i) => <Inline key={i} token={token} />);
}

function Inline({ token }) {
  switch (token.type) {
    case 'strong':
      return <strong>{inlines(token.tokens)}</strong>;
    case 'em':
      return <em>{inlines(token.tokens)}</em>;
    case 'del':
      return <del>{inlines(token.tokens)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'escape':
      return token.text;
    case 'checkbox':
      return <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? 'done' : 'to do'} />;
    case 'link':
      return SAFE_LINK.test(token.href) ? (
        <a href={token.href} target="_blank" rel="noopener noreferrer">
          {inlines(token.tokens)}
        </a>
      ) : (
        token.raw
      );
    case 'text':
      return token.tokens ? inlines(token.tokens) : token.text;
    default:
      return token.raw;
  }
}
