import { AttentionPlayground } from "attention-playground/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Figure } from "./figure.jsx";

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Figure />
    <AttentionPlayground
      model="pronoun"
      onLoad={() => document.body.setAttribute("data-told", "load")}
      style={{ display: "block", height: 560 }}
    />
  </StrictMode>,
);
