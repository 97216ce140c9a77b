import { ANY_RENDERERS } from "@myst-theme/anywidget";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { mdast } from "./_build/site/content/index.json";

const Widget = ANY_RENDERERS.anywidget;

function Page() {
  const [shown, show] = useState(true);
  const nodes = mdast.children.flatMap(({ children }) => children).filter(({ type }) => type === "anywidget");
  return (
    <>
      <button type="button" onClick={() => show(false)}>
        Away with it
      </button>
      {shown && nodes.map((node) => <Widget key={node.key} node={node} />)}
    </>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
