import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const place = document.getElementById('page');
if (!place) throw new Error('there is no place for the page');
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
