import { AttentionPlayground } from "attention-playground/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Figure } from "./figure.jsx";

const x = { shape: [2, 2], data: [1, 0, 0, 1] };

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Figure />
    <AttentionPlayground
      model="pronoun"
      onLoad={() => document.body.setAttribute("data-told", "load")}
      style={{ display: "block", height: 560 }}
    />
    <AttentionPlayground model="none" matrices={{ x }} style={{ display: "block", height: 560 }} />
  </StrictMode>,
);
