import { createRoot, hydrateRoot } from 'react-dom/client';
import { App, type PortfolioConfig, renders } from './portfolio.tsx';

const { config } = globalThis as unknown as { config: PortfolioConfig };
Object.assign(globalThis, { renders });

const root = document.getElementById('root');
if (!root) throw new Error('there is no root');
const app = <App config={config} />;
const shown = root.childElementCount > 0 ? hydrateRoot(root, app) : createRoot(root);
if (root.childElementCount === 0) shown.render(app);
Object.assign(globalThis, { leave: () => shown.unmount() });
